"""Deidentify cine loops: keep the ultrasound window alone, replace identifiers, prove it.

What needs pandas is imported when it is first used: the processes that decode files do without.
"""

from typing import TYPE_CHECKING

from echoclr_core.common.lazy import lazy_names
from echoclr_core.common.mask_files import read_mask
from echoclr_core.deidentify.boundary import boundary_mask
from echoclr_core.deidentify.key import load_key, make_key
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.videos import deidentify_video

if TYPE_CHECKING:
    from echoclr_core.deidentify.audit import audit_shard
    from echoclr_core.deidentify.pseudonyms import RESTRICTED_CATALOGUE, Pseudonyms, pseudonymise, shard_of
    from echoclr_core.deidentify.shard import deidentify_shard
    from echoclr_core.deidentify.tables import AUDIT, DROPPED, SOURCE_FILES
    from echoclr_core.deidentify.verdict import audit_summary, check_audit

_LATER = {
    "AUDIT": "tables",
    "DROPPED": "tables",
    "Pseudonyms": "pseudonyms",
    "RESTRICTED_CATALOGUE": "pseudonyms",
    "SOURCE_FILES": "tables",
    "audit_shard": "audit",
    "audit_summary": "verdict",
    "check_audit": "verdict",
    "deidentify_shard": "shard",
    "pseudonymise": "pseudonyms",
    "shard_of": "pseudonyms",
}

__all__ = [
    "AUDIT",
    "DROPPED",
    "RESTRICTED_CATALOGUE",
    "SOURCE_FILES",
    "DeidentifySettings",
    "Pseudonyms",
    "audit_shard",
    "audit_summary",
    "boundary_mask",
    "check_audit",
    "deidentify_shard",
    "deidentify_video",
    "load_key",
    "make_key",
    "pseudonymise",
    "read_mask",
    "shard_of",
]

__getattr__ = lazy_names(__name__, _LATER)
