SELECT category, sum(order_count) AS orders, sum(delivered_late_count) / nullif(sum(delivery_due_count), 0) AS late_rate
FROM merchant_month JOIN merchant_profile USING (merchant_id)
GROUP BY category
ORDER BY late_rate DESC
