"""Commands that migrate, rebuild, mend and describe what is stored."""
