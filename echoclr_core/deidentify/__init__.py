"""Deidentify cine loops: keep the ultrasound window alone, replace identifiers, prove it."""

from echoclr_core.deidentify.audit import audit_shard
from echoclr_core.deidentify.boundary import boundary_mask
from echoclr_core.deidentify.key import load_key, make_key
from echoclr_core.deidentify.pseudonyms import RESTRICTED_CATALOGUE, Pseudonyms, pseudonymise, shard_of
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.tables import AUDIT, DROPPED, SOURCE_FILES
from echoclr_core.deidentify.verdict import audit_summary, check_audit
from echoclr_core.deidentify.videos import deidentify_video, read_mask

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
