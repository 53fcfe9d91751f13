"""How late will a flight from New York arrive? Estimated from what is known an hour before it leaves."""
