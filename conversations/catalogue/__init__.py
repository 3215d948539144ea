"""Which models are offered, and who serves them: settings become providers.

`offered` answers at once from what is known; back ends are asked beside that.
"""
