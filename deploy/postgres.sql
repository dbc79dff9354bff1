-- Run once, by the PostgreSQL image, in the empty database `crm`: every service gets a role that owns the schema of its
-- name, finds it first, and can use no other.
\set ON_ERROR_STOP on
\getenv auth AUTH_DATABASE_PASSWORD
\getenv marketing MARKETING_DATABASE_PASSWORD
\getenv customer CUSTOMER_DATABASE_PASSWORD
\getenv service SERVICE_DATABASE_PASSWORD
\getenv reporting REPORTING_DATABASE_PASSWORD

BEGIN;
REVOKE ALL ON DATABASE crm, postgres, template1 FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE ROLE auth LOGIN PASSWORD :'auth';
CREATE ROLE marketing LOGIN PASSWORD :'marketing';
CREATE ROLE customer LOGIN PASSWORD :'customer';
CREATE ROLE service LOGIN PASSWORD :'service';
CREATE ROLE reporting LOGIN PASSWORD :'reporting';
GRANT CONNECT, TEMPORARY ON DATABASE crm TO auth, marketing, customer, service, reporting;

CREATE SCHEMA auth AUTHORIZATION auth;
CREATE SCHEMA marketing AUTHORIZATION marketing;
CREATE SCHEMA customer AUTHORIZATION customer;
CREATE SCHEMA service AUTHORIZATION service;
CREATE SCHEMA reporting AUTHORIZATION reporting;

ALTER ROLE auth IN DATABASE crm SET search_path = auth;
ALTER ROLE marketing IN DATABASE crm SET search_path = marketing;
ALTER ROLE customer IN DATABASE crm SET search_path = customer;
ALTER ROLE service IN DATABASE crm SET search_path = service;
ALTER ROLE reporting IN DATABASE crm SET search_path = reporting;
COMMIT;
