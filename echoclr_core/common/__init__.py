"""What every room stands on: atomic files, tables, digests, randomness, isolated processes, AVI files.

Tables need pandas, which a process that decodes files does without: they are imported when first used.
"""

from typing import TYPE_CHECKING

from echoclr_core.common.digest import digest, file_digest
from echoclr_core.common.files import atomic_path, copy_file, write_json
from echoclr_core.common.lazy import lazy_names
from echoclr_core.common.randomness import derive_seed, generator

if TYPE_CHECKING:
    from echoclr_core.common.tables import Column, Table, TableError

_LATER = {"Column": "tables", "Table": "tables", "TableError": "tables"}

__all__ = [
    "Column",
    "Table",
    "TableError",
    "atomic_path",
    "copy_file",
    "derive_seed",
    "digest",
    "file_digest",
    "generator",
    "write_json",
]

__getattr__ = lazy_names(__name__, _LATER)
