rollcall_fuzzer(roster LINK cm_roster)
