"""What an account owes: invoices, credit notes, payments, dunning, tax, documents."""
