-- The functions of pgcrypto that schemas use in defaults and backfills, on what the core server has.
-- crypt, hmac and the pgp functions are not offered: calling them fails, and the gate says that it cannot tell.
CREATE FUNCTION digest(data bytea, type text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE lower(type)
        WHEN 'md5' THEN decode(md5(data), 'hex')
        WHEN 'sha224' THEN sha224(data)
        WHEN 'sha256' THEN sha256(data)
        WHEN 'sha384' THEN sha384(data)
        WHEN 'sha512' THEN sha512(data)
    END
$$;
CREATE FUNCTION digest(data text, type text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT digest(convert_to(data, 'UTF8'), type)$$;
CREATE FUNCTION gen_random_bytes(count integer) RETURNS bytea LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT substr(decode(string_agg(replace(gen_random_uuid()::text, '-', ''), ''), 'hex'), 1, count)
    FROM generate_series(1, count / 16 + 1)
$$;
