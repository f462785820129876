"""What Cordon decides: plans made of actions, modes, budgets, and whether a containment is proven."""
