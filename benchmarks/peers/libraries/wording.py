"""Paragraphs of the page."""
import textwrap


def wrapped(paragraph):
    """Lines of at most 150 characters; links and words stay whole."""
    return textwrap.fill(paragraph, 150, break_long_words=False, break_on_hyphens=False)
