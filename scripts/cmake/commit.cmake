# Writes HEADER, which says which commit the sources in SOURCE are at, and what of them is changed; leaves it alone where nothing is new.
#
#   cmake -DSOURCE=FOLDER -DHEADER=FILE -P commit.cmake
#
# A build asks each time: a checkpoint is gone on with by the program that wrote it, and one of other sources is another.
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown commit")
elseif(commit MATCHES "-dirty$")
  execute_process(COMMAND git -C "${SOURCE}" diff HEAD OUTPUT_VARIABLE changes ERROR_QUIET)
  string(SHA256 digest "${changes}")
  string(SUBSTRING "${digest}" 0 8 digest)
  string(APPEND commit "-${digest}")
endif()
set(text "#pragma once\n#define EQUIPOISE_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS "${HEADER}")
  file(READ "${HEADER}" before)
endif()
if(NOT text STREQUAL before)
  file(WRITE "${HEADER}" "${text}")
endif()
