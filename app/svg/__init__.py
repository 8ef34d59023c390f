"""What all drawings are made of: elements as SVG, scales, lines and labels."""
