# What nginx.conf has to be for this edition. Bodies are longer: see BODY_MAX_BYTES.
s/^    # Limits\. .*/    # Limits. The largest sensible body has 12,000 bytes; the service has the same 16k./
s/^\(    client_max_body_size\) 4k;/\1 16k;/
s/^\(    client_body_buffer_size\) 4k; /\1 16k;/
s/longer than 4096 bytes/longer than 16384 bytes/
# What is searched for stands behind the path, with escapes; who forgets them is told so.
s/^    # No path of the service needs an escape, .*/    # No path of the service needs an escape, what is searched for does; a doubled slash in a path or/
s/^    # them would only be a second spelling of a path\./    # anything but plain ASCII would only be a second spelling of it./
s/^        "~\[^!-~\]|^\[^?\]\*(%|\/\/)" 0;/        "~^[^?]*([^!-~]|%|\/\/)" 0;\
        "~[^!-~]" 2;/
/^            if (\$is_plain = 0) {/i\
            if ($is_plain = 2) {\
                return 400 '{"error":"letters beyond ASCII are escaped in an address: curl -G --data-urlencode t=..."}';\
            }
