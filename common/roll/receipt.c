#include "roll/receipt.h"

char *cm_receipt(const uint8_t event_id[static 16], char out[static CM_RECEIPT_SIZE])
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint32_t bits = (uint32_t)event_id[12] << 24 | (uint32_t)event_id[13] << 16 |
                    (uint32_t)event_id[14] << 8 | (uint32_t)event_id[15];
    for (int i = CM_RECEIPT_SIZE - 2; i >= 0; i--) {
        if (i == 3) {
            out[i] = '-';
            continue;
        }
        out[i] = letters[bits & 31];
        bits >>= 5;
    }
    out[CM_RECEIPT_SIZE - 1] = '\0';
    return out;
}
