rollcall_fuzzer(webhook LINK srv_notify cm_roster)
