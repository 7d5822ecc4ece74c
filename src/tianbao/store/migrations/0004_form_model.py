"""Published forms in the shape of the wider form model: choices in lists, bounds as constraints."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def _widen(question: dict[str, Any], lists: dict[str, list[Any]], prefix: str) -> dict[str, Any]:
    question = dict(question)
    path = f"{prefix}{question['name']}"
    if "choices" in question:
        lists[path] = question.pop("choices")
        question["choice_list"] = path
    conditions = [
        f". {sign} {question.pop(bound)}"
        for bound, sign in (("minimum", ">="), ("maximum", "<="))
        if bound in question
    ]
    if "not_before" in question:
        conditions.append(f". >= ${{{question.pop('not_before')}}}")
    if conditions:
        question["constraint"] = " and ".join(conditions)
    if "questions" in question:
        question["questions"] = [_widen(inner, lists, f"{path}.") for inner in question["questions"]]
    return question


def widen(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition of the first shape in the present one; one that is there already stays as it is."""
    if "lists" in definition:
        return definition
    lists: dict[str, list[Any]] = {}
    questions = [_widen(question, lists, "") for question in definition["questions"]]
    return {**definition, "lists": lists, "questions": questions}


def widen_all(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("store", "FormVersion").objects.using(schema_editor.connection.alias):
        row.definition = widen(row.definition)
        row.save(update_fields=["definition"])


class Migration(migrations.Migration):
    dependencies = [("store", "0003_facts")]

    operations = [migrations.RunPython(widen_all, migrations.RunPython.noop, hints={"model_name": "formversion"})]
