"""The key of what is kept between attempts."""

import pytest

from echoclr_core.common.modules import code_digest, imported_modules
from echoclr_core.common.resume import ROOT, resume_key

WORK = {
    "a": "from echoclr_core.b import g\ndef f():\n    return g()\n",
    "b": "from echoclr_core import c\ndef g():\n    return c.NUMBER\n",
    "c": "NUMBER = 1\n",
    "d": "OTHER = 1\n",
}


def key_of(root, files, function="echoclr_core.a:f", settings=(), source=("path", 3, 4)):
    (root / "echoclr_core").mkdir(parents=True)
    for name, text in {"__init__": "", **files}.items():
        (root / "echoclr_core" / f"{name}.py").write_text(text)
    return resume_key(function, {"margin": 1, **dict(settings)}, source, root=root)


@pytest.mark.parametrize("edited", ["a", "b", "c"])
def test_an_edit_of_any_followed_module_is_another_key(tmp_path, edited):
    before = key_of(tmp_path / "before", WORK)
    assert key_of(tmp_path / "same", WORK) == before
    assert key_of(tmp_path / "after", WORK | {edited: WORK[edited] + "MORE = 1\n"}) != before


def test_settings_source_and_function_count_and_other_modules_and_words_do_not(tmp_path):
    before = key_of(tmp_path / "before", WORK)
    assert key_of(tmp_path / "d", WORK | {"d": "OTHER = 2\n"}) == before
    assert key_of(tmp_path / "words", WORK | {"c": '"""Words."""\nNUMBER = 1  # remark\n'}) == before
    assert key_of(tmp_path / "margin", WORK, settings={"margin": 2}) != before
    assert key_of(tmp_path / "time", WORK, source=("path", 3, 5)) != before
    assert key_of(tmp_path / "function", WORK, function="echoclr_core.a:other") != before


def test_a_string_is_no_collection_of_packages(tmp_path):
    """Its letters would be taken for packages, and no module be followed."""
    for follow in (code_digest, imported_modules):
        with pytest.raises(TypeError, match=r"the string 'echoclr_core'"):
            follow(ROOT / "echoclr_core/common/files.py", ROOT, "echoclr_core")
