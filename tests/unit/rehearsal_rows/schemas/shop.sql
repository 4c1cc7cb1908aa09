-- An online shop: money in cents, statuses by check, slugs and SKUs by pattern, one basket a customer, stock moves.
CREATE TYPE payment_method AS ENUM ('card', 'transfer', 'voucher');
CREATE TABLE customers (
    id bigserial PRIMARY KEY,
    email varchar(254) NOT NULL CHECK (email ~* '^[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$'),
    name text NOT NULL CHECK (length(trim(name)) > 0),
    phone varchar(16) CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    country char(2) NOT NULL CHECK (country = upper(country)),
    birthday date CHECK (birthday <= CURRENT_DATE - interval '18 years'),
    marketing boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX customers_email ON customers (lower(email));
CREATE TABLE categories (
    id serial PRIMARY KEY,
    parent_id int REFERENCES categories ON DELETE CASCADE CHECK (parent_id <> id),
    slug varchar(60) NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$'),
    position smallint NOT NULL DEFAULT 0 CHECK (position BETWEEN 0 AND 999),
    UNIQUE (parent_id, position)
);
CREATE TABLE products (
    sku varchar(12) PRIMARY KEY CHECK (sku ~ '^[A-Z]{3}-[0-9]{4,8}$'),
    category_id int NOT NULL REFERENCES categories,
    title jsonb NOT NULL CHECK (jsonb_typeof(title) = 'object' AND title ? 'en'),
    price numeric(12, 2) NOT NULL CHECK (price >= 0),
    sale_price numeric(12, 2) CHECK (sale_price < price),
    weight real CHECK (weight > 0 AND weight < 1000),
    tags text[] NOT NULL DEFAULT '{}',
    rating numeric(2, 1) CHECK (rating BETWEEN 0 AND 5),
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', title::text)) STORED,
    retired_at timestamptz
);
CREATE INDEX products_search ON products USING gin (search);
CREATE TABLE baskets (
    customer_id bigint PRIMARY KEY REFERENCES customers,
    token uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()
);
CREATE TABLE basket_items (
    customer_id bigint REFERENCES baskets,
    sku varchar(12) REFERENCES products,
    quantity int NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (customer_id, sku)
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number varchar(20) NOT NULL UNIQUE CHECK (number LIKE 'ORD-%'),
    customer_id bigint NOT NULL REFERENCES customers,
    status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'shipped', 'cancelled')),
    placed_at timestamptz NOT NULL,
    paid_at timestamptz,
    shipped_at timestamptz,
    cancelled_at timestamptz,
    CHECK (paid_at IS NULL OR paid_at >= placed_at),
    CHECK (shipped_at IS NULL OR (paid_at IS NOT NULL AND shipped_at >= paid_at)),
    CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (status NOT IN ('paid', 'shipped') OR paid_at IS NOT NULL)
);
CREATE TABLE order_lines (
    order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    line smallint NOT NULL CHECK (line > 0),
    sku varchar(12) NOT NULL REFERENCES products,
    quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    unit_price numeric(12, 2) NOT NULL CHECK (unit_price >= 0),
    total numeric(12, 2) NOT NULL,
    PRIMARY KEY (order_id, line),
    CHECK (total = quantity * unit_price)
);
CREATE TABLE payments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id bigint NOT NULL REFERENCES orders,
    method payment_method NOT NULL,
    card_last4 char(4) CHECK (card_last4 ~ '^[0-9]{4}$'),
    iban varchar(34),
    voucher_code varchar(20),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    CHECK (num_nonnulls(card_last4, iban, voucher_code) = 1),
    CHECK ((method = 'card') = (card_last4 IS NOT NULL))
);
CREATE TABLE refunds (
    payment_id uuid NOT NULL UNIQUE REFERENCES payments,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 10 AND 500)
);
CREATE TABLE coupons (
    code varchar(10) PRIMARY KEY CHECK (length(code) = 10 AND code = upper(code)),
    percent int CHECK (percent > 0 AND percent <= 100),
    amount numeric(8, 2) CHECK (amount > 0),
    starts date NOT NULL, ends date NOT NULL,
    CHECK (starts < ends), CHECK ((percent IS NULL) <> (amount IS NULL))
);
