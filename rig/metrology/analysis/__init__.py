"""What is made of budgets and decisions afterwards: causes of uncertainty, Monte Carlo, risk, comparison of runs."""
