"""Documents of records: an action's texts are filed in the register of documents, in the same command."""
