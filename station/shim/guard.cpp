#include "shim/guard.hpp"

#include <algorithm>
#include <new>

namespace stn_shim
{

/* OpenCV's messages span lines, and a log event is one line. */
static cm_code fail_in_one_line(cm_err *err, cm_code code, std::string message)
{
    std::replace(message.begin(), message.end(), '\n', ' ');
    message.erase(message.find_last_not_of(' ') + 1);
    return cm_fail(err, code, "%s", message.c_str());
}

cm_code report_current_exception(cm_err *err) noexcept
{
    try {
        try {
            throw;
        } catch (const Failure &failure) {
            return fail_in_one_line(err, failure.code, failure.what());
        } catch (const std::bad_alloc &) {
            return cm_fail(err, CM_NOMEM, "out of memory");
        } catch (const std::exception &exception) {
            return fail_in_one_line(err, CM_BACKEND, exception.what());
        }
    } catch (...) {
        return cm_fail(err, CM_BACKEND, "unknown C++ exception");
    }
}

} // namespace stn_shim
