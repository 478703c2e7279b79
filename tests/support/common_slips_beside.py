"""The module of a method whose package is not there."""

import cv2_that_is_not_there


class Lost:
    def denoise(self, observation):
        return cv2_that_is_not_there.denoise(observation.image)
