"""Commands that clients send, carried out by the kernel; without HTTP."""
