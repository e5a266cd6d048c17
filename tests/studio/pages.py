"""The studio's pages, filled in as a browser fills them in."""

from django.urls import reverse


def page(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def form_data(response):
    """What a browser would send back from a form that nobody has touched."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = [bound for form in forms for bound in form]
    values = {bound.html_name: bound.value() for bound in fields}
    # What stood there when the page was opened goes along where a default is made anew each time.
    values |= {bound.html_initial_name: bound.value() for bound in fields if bound.field.show_hidden_initial}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def save(studio, row, **changes):
    """Open a row, change some fields and save; the answer."""
    address = page(type(row), "change", row.pk)
    return studio.post(address, form_data(studio.get(address)) | changes)


def said(answer):
    """What the page says is wrong, by the field that it is said at; `_` for the top of the form."""
    form = answer.context["adminform"].form
    found = {name.replace("__all__", "_"): list(errors) for name, errors in form.errors.items()}
    for inline in answer.context["inline_admin_formsets"]:
        for row in inline.formset.forms:
            found |= {f"{row.prefix}-{name}": list(errors) for name, errors in row.errors.items()}
    return found
