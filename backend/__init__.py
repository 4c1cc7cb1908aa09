"""The reference backend: a small service on which headgate runs everything it promises."""
