"""Behaviour that the manual leaves open or contradicts: each choice by name, with its reason."""
