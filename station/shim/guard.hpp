/*
 * The wall between C++ and C. The body of every entry runs inside guarded(), which turns whatever is thrown into a
 * code and a one-line sentence; helpers throw Failure where they know the code.
 *
 * Also the one place that includes the C headers for C++: they are plain C and carry no linkage of their own.
 */
#ifndef STN_SHIM_GUARD_HPP
#define STN_SHIM_GUARD_HPP

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

extern "C" {
#include "base/err.h"
#include "frame/frame.h"
#include "frame/observation.h"
}

namespace stn_shim
{

struct Failure : std::runtime_error {
    Failure(cm_code failure_code, const std::string &message)
        : std::runtime_error(message), code(failure_code)
    {
    }
    cm_code code;
};

/* Only inside a catch block: what is in flight, as a code with a sentence of one line. */
cm_code report_current_exception(cm_err *err) noexcept;

template <class Body>
cm_code guarded(cm_err *err, Body &&body) noexcept
{
    try {
        std::forward<Body>(body)();
        return CM_OK;
    } catch (...) {
        return report_current_exception(err);
    }
}

} // namespace stn_shim

#endif
