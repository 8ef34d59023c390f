"""The contrast of a colour against white, as the Web Content Accessibility Guidelines compute it (pure)."""

from __future__ import annotations

#: The least contrast of text and its ground (WCAG 2.2, success criterion 1.4.3, level AA).
LEAST_CONTRAST = 4.5
#: A share up to this one is linear in sRGB.
LINEAR_UP_TO = 0.04045
WEIGHTS = (0.2126, 0.7152, 0.0722)


def contrast_with_white(colour: str) -> float:
    """Return the contrast ratio of the colour `#rrggbb` and white, from 1 to 21."""
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    luminance = sum(weight * _linear(share) for weight, share in zip(WEIGHTS, shares, strict=True))
    return 1.05 / (luminance + 0.05)


def _linear(share: float) -> float:
    return share / 12.92 if share <= LINEAR_UP_TO else float(((share + 0.055) / 1.055) ** 2.4)
