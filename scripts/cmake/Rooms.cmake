# One folder of engine/ = one room = one namespace = one static library.

# In the order data flows (docs/architecture.md): a room may use the rooms before it, none after it.
set(EQUIPOISE_ROOMS core config data sampling models checkpoint constraints evaluation audit distributed tracking training frontier sweep report cli)

# equipoise_room(<room> [ROOMS earlier...] [LIBRARIES targets...] [HEADERS to precompile... | HEADERS_OF an earlier room]
#                [NO_LOOPS])
# NO_LOOPS: what the room does is calls, texts and pages, and compiling it costs more than running it.
# Rooms that share precompiled headers must agree on it.
function(equipoise_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_LOOPS" "HEADERS_OF" "ROOMS;LIBRARIES;HEADERS")
  list(FIND EQUIPOISE_ROOMS ${room} own_place)
  if(own_place EQUAL -1)
    message(FATAL_ERROR "engine/${room} is not in EQUIPOISE_ROOMS (scripts/cmake/Rooms.cmake)")
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/engine/${room}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(equipoise_${room} STATIC ${sources})
  target_link_libraries(equipoise_${room} PUBLIC equipoise_compiler ${arg_LIBRARIES})
  foreach(other ${arg_ROOMS})
    list(FIND EQUIPOISE_ROOMS ${other} other_place)
    if(other_place EQUAL -1 OR other_place GREATER_EQUAL own_place)
      message(FATAL_ERROR "engine/${room} may not use engine/${other}: only rooms listed before it in EQUIPOISE_ROOMS")
    endif()
    target_link_libraries(equipoise_${room} PUBLIC equipoise_${other})
  endforeach()
  if(arg_NO_LOOPS)
    target_compile_options(equipoise_${room} PRIVATE -O1)
  endif()
  if(arg_HEADERS_OF)
    target_precompile_headers(equipoise_${room} REUSE_FROM equipoise_${arg_HEADERS_OF})
  elseif(arg_HEADERS)
    target_precompile_headers(equipoise_${room} PRIVATE ${arg_HEADERS})
  endif()
  add_dependencies(equipoise_${room} equipoise_room_order)
endfunction()

# The linker cannot see a header included from a later room; this reads the includes, once a build, in milliseconds.
string(JOIN "," room_order ${EQUIPOISE_ROOMS})
add_custom_target(equipoise_room_order
  COMMAND "${EQUIPOISE_PYTHON}" "${CMAKE_SOURCE_DIR}/scripts/check_room_order.py" "${CMAKE_SOURCE_DIR}" "${room_order}"
  COMMENT "Checking that no room includes a later one" VERBATIM)
