"""Problems of a nested value, in words a user can act on."""

import pytest

from echoclr_core.common.validation import fill_defaults, problems

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a": {"type": "integer", "minimum": 2, "default": 3, "x-unit": "pairs"},
        "rate": {"type": ["number", "null"], "default": None},
        "inner": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"codec": {"enum": ["ffv1", "mjpeg"], "default": "ffv1"}},
        },
    },
}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 1}, "a: 1 is not allowed; allowed is 2 or more (pairs)"),
        ({"a": "many"}, "a: 'many' is not allowed; allowed is integer. It is text"),
        ({"rate": "1e-4"}, "write 0.0001 or 1.0e-4"),
        ({"rate": "5E3"}, "write 5000.0 or 5.0e3"),
        ({"inner": {"codek": 1}}, "inner.codek: unknown key; did you mean codec?"),
        ({"zzz": 1}, "zzz: unknown key; known keys here: a, rate, inner"),
        ({"inner": {"codec": "ffv2"}}, "(did you mean ffv1?)"),
        ({"inner": 3}, "inner: 3 is not allowed; allowed is object"),
    ],
)
def test_problem_is_named(value, said):
    [line] = problems(SCHEMA, value)
    assert said in line


def test_all_problems_at_once():
    assert len(problems(SCHEMA, {"a": 1, "b": 2, "inner": {"codec": 5}})) == 3
    assert problems(SCHEMA, {}) == []


def test_defaults_fill_gaps_only():
    assert fill_defaults(SCHEMA, {"a": 9}) == {"a": 9, "rate": None, "inner": {"codec": "ffv1"}}


def test_a_renamed_key_is_answered_with_its_new_name():
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"study_key": {"type": "string"}, "study_date": {"type": "string"}},
        "x-renamed": {"study_id": "study_key"},
    }
    assert problems({"properties": {"columns": schema}}, {"columns": {"study_id": "a"}}) == [
        "columns.study_id: unknown key; it is called columns.study_key now"
    ]
