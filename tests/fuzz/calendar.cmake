rollcall_fuzzer(calendar LINK srv_calendar cm_roll MUTATIONS 100)
