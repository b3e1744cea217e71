-- The functions of uuid-ossp that schemas use as defaults, on what the core server has.
-- Every one gives a random UUID (version 4); time, name and MAC are not used.
CREATE FUNCTION uuid_nil() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT '00000000-0000-0000-0000-000000000000'::uuid$$;
CREATE FUNCTION uuid_ns_dns() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
CREATE FUNCTION uuid_ns_url() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
CREATE FUNCTION uuid_ns_oid() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
CREATE FUNCTION uuid_ns_x500() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
CREATE FUNCTION uuid_generate_v1() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$SELECT gen_random_uuid()$$;
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$SELECT gen_random_uuid()$$;
CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$SELECT gen_random_uuid()$$;
CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT md5(namespace::text || name)::uuid$$;
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT substr(encode(sha256(convert_to(namespace::text || name, 'UTF8')), 'hex'), 1, 32)::uuid$$;
