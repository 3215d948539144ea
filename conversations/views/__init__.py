"""Pages and partials, by page: authorise by queryset, call one verb, render."""
