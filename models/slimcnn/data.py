"""The data: images of MNIST's format, or digits that are drawn, as LiteCNN has them."""

from models.litecnn.data import baselines, build_dataset, describe

__all__ = ["baselines", "build_dataset", "describe"]
