"""An interrupted run goes on: what may be resumed, what is left of it, and that its conditions are as they were."""
