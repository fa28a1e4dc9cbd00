# Files in the binary. rollcall_assets(FILE …) is called in the folder of a library; the sources that it makes are in
# rollcall_assets_SOURCES: the bytes by .incbin, with gzip'd copies where they are worth it, and a list of them
# (assets_list.h in the build folder) with media type, content hash and sizes. Links between the files get a version,
# so that browsers may keep them for as long as they like. Needs sh, sed, gzip, sha256sum.
function(rollcall_assets)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/assets)
  set(script ${CMAKE_SOURCE_DIR}/packaging/cmake/assets.sh)
  add_custom_command(
    OUTPUT ${dir}/assets.S ${dir}/assets_list.h
    COMMAND sh ${script} ${dir} ${ARGN}
    DEPENDS ${script} ${ARGN}
    COMMENT "Packing the files of the pages"
    VERBATIM)
  set(rollcall_assets_SOURCES ${dir}/assets.S ${dir}/assets_list.h PARENT_SCOPE)
  set(rollcall_assets_DIR ${dir} PARENT_SCOPE)
endfunction()
