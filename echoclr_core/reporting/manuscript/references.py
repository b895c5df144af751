"""BibTeX of what a run used: software, methods and statistics, by its settings."""

from collections.abc import Mapping

ENTRIES: Mapping[str, str] = {
    "holste2024": """@article{holste2024,
  author = {Holste, Gregory and Oikonomou, Evangelos K. and Mortazavi, Bobak J. and Wang, Zhangyang and Khera, Rohan},
  title = {Efficient deep learning-based automated diagnosis from echocardiography with contrastive self-supervised learning},
  journal = {Communications Medicine},
  volume = {4},
  year = {2024},
  doi = {10.1038/s43856-024-00538-3}
}""",  # noqa: E501
    "molder2021": """@article{molder2021,
  author = {M{\\"o}lder, Felix and Jablonski, Kim Philipp and Letcher, Brice and Hall, Michael B. and others},
  title = {Sustainable data analysis with {Snakemake}},
  journal = {F1000Research},
  volume = {10},
  pages = {33},
  year = {2021}
}""",
    "paszke2019": """@inproceedings{paszke2019,
  author = {Paszke, Adam and Gross, Sam and Massa, Francisco and Lerer, Adam and others},
  title = {{PyTorch}: an imperative style, high-performance deep learning library},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {32},
  year = {2019}
}""",
    "chen2020": """@inproceedings{chen2020,
  author = {Chen, Ting and Kornblith, Simon and Norouzi, Mohammad and Hinton, Geoffrey},
  title = {A simple framework for contrastive learning of visual representations},
  booktitle = {International Conference on Machine Learning},
  pages = {1597--1607},
  year = {2020}
}""",
    "bardes2022": """@inproceedings{bardes2022,
  author = {Bardes, Adrien and Ponce, Jean and LeCun, Yann},
  title = {{VICReg}: Variance-invariance-covariance regularization for self-supervised learning},
  booktitle = {International Conference on Learning Representations},
  year = {2022}
}""",
    "azizi2021": """@inproceedings{azizi2021,
  author = {Azizi, Shekoofeh and Mustafa, Basil and Ryan, Fiona and Beaver, Zachary and others},
  title = {Big self-supervised models advance medical image classification},
  booktitle = {IEEE/CVF International Conference on Computer Vision},
  pages = {3478--3488},
  year = {2021}
}""",
    "tran2018": """@inproceedings{tran2018,
  author = {Tran, Du and Wang, Heng and Torresani, Lorenzo and Ray, Jamie and others},
  title = {A closer look at spatiotemporal convolutions for action recognition},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  pages = {6450--6459},
  year = {2018}
}""",
    "kay2017": """@misc{kay2017,
  author = {Kay, Will and Carreira, Joao and Simonyan, Karen and Zhang, Brian and others},
  title = {The {Kinetics} human action video dataset},
  note = {arXiv:1705.06950},
  year = {2017}
}""",
    "kingma2015": """@inproceedings{kingma2015,
  author = {Kingma, Diederik P. and Ba, Jimmy},
  title = {{Adam}: a method for stochastic optimization},
  booktitle = {International Conference on Learning Representations},
  year = {2015}
}""",
    "loshchilov2019": """@inproceedings{loshchilov2019,
  author = {Loshchilov, Ilya and Hutter, Frank},
  title = {Decoupled weight decay regularization},
  booktitle = {International Conference on Learning Representations},
  year = {2019}
}""",
    "robin2011": """@article{robin2011,
  author = {Robin, Xavier and Turck, Natacha and Hainard, Alexandre and Tiberti, Natalia and others},
  title = {{pROC}: an open-source package for {R} and {S}+ to analyze and compare {ROC} curves},
  journal = {BMC Bioinformatics},
  volume = {12},
  pages = {77},
  year = {2011}
}""",
    "delong1988": """@article{delong1988,
  author = {DeLong, Elizabeth R. and DeLong, David M. and Clarke-Pearson, Daniel L.},
  title = {Comparing the areas under two or more correlated receiver operating characteristic curves: a nonparametric approach},
  journal = {Biometrics},
  volume = {44},
  pages = {837--845},
  year = {1988}
}""",  # noqa: E501
    "holm1979": """@article{holm1979,
  author = {Holm, Sture},
  title = {A simple sequentially rejective multiple test procedure},
  journal = {Scandinavian Journal of Statistics},
  volume = {6},
  pages = {65--70},
  year = {1979}
}""",
    "clopper1934": """@article{clopper1934,
  author = {Clopper, C. J. and Pearson, E. S.},
  title = {The use of confidence or fiducial limits illustrated in the case of the binomial},
  journal = {Biometrika},
  volume = {26},
  pages = {404--413},
  year = {1934}
}""",
    "vickers2006": """@article{vickers2006,
  author = {Vickers, Andrew J. and Elkin, Elena B.},
  title = {Decision curve analysis: a novel method for evaluating prediction models},
  journal = {Medical Decision Making},
  volume = {26},
  pages = {565--574},
  year = {2006}
}""",
    "hanley1982": """@article{hanley1982,
  author = {Hanley, James A. and McNeil, Barbara J.},
  title = {The meaning and use of the area under a receiver operating characteristic ({ROC}) curve},
  journal = {Radiology},
  volume = {143},
  pages = {29--36},
  year = {1982}
}""",
    "selvaraju2017": """@inproceedings{selvaraju2017,
  author = {Selvaraju, Ramprasaath R. and Cogswell, Michael and Das, Abhishek and others},
  title = {{Grad-CAM}: visual explanations from deep networks via gradient-based localization},
  booktitle = {IEEE International Conference on Computer Vision},
  pages = {618--626},
  year = {2017}
}""",
    "adebayo2018": """@inproceedings{adebayo2018,
  author = {Adebayo, Julius and Gilmer, Justin and Muelly, Michael and Goodfellow, Ian and others},
  title = {Sanity checks for saliency maps},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {31},
  year = {2018}
}""",
}

ALWAYS = ("holste2024", "molder2021", "paszke2019", "robin2011", "delong1988", "holm1979", "clopper1934")
ALWAYS += ("vickers2006", "hanley1982")
BY_INITIALISATION = {
    "kinetics400": ("kay2017",),
    "simclr": ("chen2020",),
    "mi_simclr": ("chen2020", "azizi2021"),
    "echoclr": ("chen2020", "holste2024"),
    "vicreg": ("bardes2022",),
}
BY_OPTIMIZER = {"adam": "kingma2015", "adamw": "loshchilov2019"}
TORCHVISION_ENCODERS = ("r3d_18", "r3d", "mc3_18", "r2plus1d_18")  # networks of Tran et al.


def cited(config: Mapping, inits: list[str], methods: list[str]) -> list[str]:
    """Keys of ENTRIES that the settings of a run use, in the order of ENTRIES.

    Parameters
    ----------
    config
        The settings of the run.
    inits, methods
        Initialisations and pretraining methods.
    """
    keys = set(ALWAYS)
    for name in (*inits, *methods):
        keys |= set(BY_INITIALISATION.get(name, ()))
    keys.add(BY_OPTIMIZER[config["finetune"]["optimizer"]])
    if methods:
        keys.add(BY_OPTIMIZER[config["pretrain"]["optimizer"]])
    if config["model"]["encoder"] in TORCHVISION_ENCODERS:
        keys.add("tran2018")
    if config["explain"]["tasks"]:
        keys.add("selvaraju2017")
        if config["explain"]["n_randomisations"]:
            keys.add("adebayo2018")
    return [key for key in ENTRIES if key in keys]


def bibtex(keys: list[str]) -> str:
    """The entries one after another."""
    return "\n\n".join(ENTRIES[key] for key in keys) + "\n"
