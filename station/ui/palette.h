/*
 * The camera's colours in the colours that a terminal has. Pure.
 */
#ifndef STN_PALETTE_H
#define STN_PALETTE_H

#include <stdint.h>

/* Nearest of xterm's 6x6x6 cube (16…231) and grey ramp (232…255); both are the same on every terminal, unlike 0…15. */
int stn_palette_256(const uint8_t rgb[3]);
/* One of the four greys among the 16: black 0, dark grey 8, light grey 7, white 15. */
int stn_palette_16(const uint8_t rgb[3]);
/* 24 bit, as colour number of a direct-colour terminal: five bits a channel, so that the pairs in use stay few.
 * Never 0…7, which such terminals take for the ANSI colours. */
int stn_palette_direct(const uint8_t rgb[3]);
/* 0…255, as the eye weighs the channels (Rec. 601). */
int stn_palette_luma(const uint8_t rgb[3]);

#endif
