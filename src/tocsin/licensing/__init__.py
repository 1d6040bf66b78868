"""What an account may: price book, plans, entitlements, trial, subscription, seats, usage and quotas."""
