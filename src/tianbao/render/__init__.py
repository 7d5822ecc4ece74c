"""Domain objects to bytes: form page, receipt, poster, card, workbook. Pure; texts come in as a translator."""
