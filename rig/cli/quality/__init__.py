"""Commands about the quality of production, from the records alone: ``rig quality`` and ``rig msa``."""
