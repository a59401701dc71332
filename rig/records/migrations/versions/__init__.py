"""One module for each schema version; a version that has been released is never edited again."""
