"""The agent: measures power beside a workload. Standard library only, Python 3.8 or newer; opens no port."""
