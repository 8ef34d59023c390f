"""Common parts of all drawings: elements as SVG, scales, lines and labels."""
