"""The contracts between core and plugins: what each kind of component must do, and no code that does it."""
