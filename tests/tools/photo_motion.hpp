/*
 * A flat picture, held in a hand before a camera: turned, tilted, brought nearer, shifted and bent, as people do who
 * try to fool a face check. Every motion is a sum of slow sines drawn from the seed, so a seed is a film.
 */
#ifndef PHOTO_MOTION_HPP
#define PHOTO_MOTION_HPP

#include <opencv2/core.hpp>

struct PhotoMotion {
    double pan_max = 28, tilt_max = 26, roll_max = 6; /* degrees to either side */
    double zoom_min = 0.7, zoom_max = 1.3;            /* 1: the photo fills the picture */
    double shift_max = 0.08;                          /* of the picture's width */
    double bend_max = 0.35; /* radians from the photo's middle to its edge; 0 is flat */
};

class WavedPhoto
{
  public:
    WavedPhoto(const cv::Mat &photo, const PhotoMotion &motion, uint64_t seed);
    /* What the camera sees at that time, without noise. */
    cv::Mat at(double seconds) const;

  private:
    struct Sway { /* -1 … 1 */
        double hertz[2], phase[2];
        double at(double seconds) const;
    };
    static Sway draw(cv::RNG &rng);

    cv::Mat photo, room;
    PhotoMotion motion;
    Sway pan, tilt, roll, zoom, shift_x, shift_y, bend;
};

#endif
