"""What every room stands on: atomic files, tables, digests, randomness, isolated processes, AVI files."""

from echoclr_core.common.digest import digest, file_digest
from echoclr_core.common.files import atomic_path, copy_file, write_json
from echoclr_core.common.randomness import derive_seed, generator
from echoclr_core.common.tables import Column, Table, TableError

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
