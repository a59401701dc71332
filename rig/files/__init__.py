"""Files that people edit: text and YAML read strictly, with file and line in each complaint."""
